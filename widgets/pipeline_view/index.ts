// The live view of a pipeline: the graph of its nodes, and below it what runs now, cell by cell.
import { widget } from "../common/widget";
import { show } from "../graph_view/show";
import { createStore } from "../graph_view/store";
import { atWork } from "./at_work";

export default widget(createStore, (store, el) => show(store, el, "Pipeline", atWork(store)));
