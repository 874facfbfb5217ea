// How a view meets anywidget: one store for each model, shared by all places that show it.

/** A message; or the widget's way to the kernel has ended, by a restart or by the kernel itself. */
export type Heard = "msg:custom" | "comm_live_update" | "comm:close";

/** The part of an anywidget model that our widgets use; `Said` is what they send. */
export interface Model<Said> {
  on(name: Heard, handle: (message: any) => void): void;
  off(name: Heard, handle: (message: any) => void): void;
  send(message: Said): void;
  /** Where the page has one. */
  widget_manager?: { kernel?: unknown };
}

/** What anywidget imports: called once for each model. `show` draws a store into an element and returns the removal. */
export function widget<Said, Store extends { dispose(): void }>(
  createStore: (model: Model<Said>) => Store,
  show: (store: Store, el: HTMLElement) => () => void,
) {
  return () => {
    let store: Store | null = null;
    return {
      initialize({ model }: { model: Model<Said> }) {
        const made = createStore(model);
        store = made;
        return () => made.dispose();
      },
      render({ model, el }: { model: Model<Said>; el: HTMLElement }) {
        store ??= createStore(model);
        return show(store, el);
      },
    };
  };
}
