// How a view meets anywidget: one store for each model, shared by all places that show it.

/** The part of an anywidget model that our widgets use; `Said` is what they send. */
export interface Model<Said> {
  on(name: "msg:custom", handle: (message: any) => void): void;
  off(name: "msg:custom", handle: (message: any) => void): void;
  send(message: Said): void;
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
