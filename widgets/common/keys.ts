// Keys that are typed in the view belong to the view: in JupyterLab "d d" would delete the cell, arrows would leave it.
//
// Lab looks for this attribute on the way up from the element that has the focus, but a shortcut whose selector ends
// in ":focus" has already matched by then: so the focused element itself must carry it. Keys with Ctrl or Meta stay
// Lab's, so that saving works from everywhere. Lab listens on the document; the window hears a key before it does.
// In a notebook Lab also cancels line breaks outside of its own editors, so it must not hear of ours.
const MARK = "data-lm-suppress-shortcuts";

/** Keep plain keys and line breaks typed inside `root` from the page; returns the removal. */
export function keepPlainKeys(root: HTMLElement): () => void {
  const claim = (event: KeyboardEvent) => {
    const target = event.target;
    if (target instanceof Element && root.contains(target)) target.toggleAttribute(MARK, !event.ctrlKey && !event.metaKey);
  };
  const keep = (event: InputEvent) => {
    const isOurs = event.target instanceof Element && root.contains(event.target);
    if (isOurs && event.inputType === "insertLineBreak") event.stopPropagation();
  };
  window.addEventListener("keydown", claim, true);
  window.addEventListener("beforeinput", keep, true);
  return () => {
    window.removeEventListener("keydown", claim, true);
    window.removeEventListener("beforeinput", keep, true);
  };
}
