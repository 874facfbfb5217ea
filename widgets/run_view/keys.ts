// Keys that are typed in the view belong to the view: in JupyterLab "d d" would delete the cell, arrows would leave it.
//
// Lab looks for this attribute on the way up from the element that has the focus, but a shortcut whose selector ends
// in ":focus" has already matched by then: so the focused element itself must carry it. Keys with Ctrl or Meta stay
// Lab's, so that saving works from everywhere. Lab listens on the document; the window hears a key before it does.
const MARK = "data-lm-suppress-shortcuts";

/** Keep plain keys typed inside `root` from the page's shortcuts; returns the removal. */
export function keepPlainKeys(root: HTMLElement): () => void {
  const claim = (event: KeyboardEvent) => {
    const target = event.target;
    if (target instanceof Element && root.contains(target)) target.toggleAttribute(MARK, !event.ctrlKey && !event.metaKey);
  };
  window.addEventListener("keydown", claim, true);
  return () => window.removeEventListener("keydown", claim, true);
}
