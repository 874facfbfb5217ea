// The live view of a workflow.
import { widget } from "../common/widget";
import { show } from "./show";
import { createStore } from "./store";

export default widget(createStore, (store, el) => show(store, el));
