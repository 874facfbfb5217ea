// Whether the kernel behind a widget still lives. What shows a run must not count on when nobody is at work any more.
//
// A restart by a person reaches the widget itself. A kernel that dies is restarted by its server: that only its
// connection tells, which notebooks hand out with their widget manager. Other pages may have neither, and see nothing.
import type { Model } from "./widget";

/** As much of Lab's connection to a kernel as is looked at. */
interface Connection {
  statusChanged?: Signal<string>;
  disposed?: Signal<unknown>;
}

interface Signal<Told> {
  connect(slot: (sender: unknown, told: Told) => void): unknown;
  disconnect(slot: (sender: unknown, told: Told) => void): unknown;
}

const ENDED = ["autorestarting", "restarting", "terminating", "dead"];

/** Call back, once, when the kernel has ended or has let go of the widget; returns the end of watching. */
export function whenGone<Said>(model: Model<Said>, gone: () => void): () => void {
  const kernel = model.widget_manager?.kernel as Connection | null | undefined;
  const end = () => {
    stop();
    gone();
  };
  const told = (_kernel: unknown, status: string) => {
    if (ENDED.includes(status)) end();
  };
  const stop = () => {
    model.off("comm_live_update", end);
    model.off("comm:close", end);
    kernel?.statusChanged?.disconnect(told);
    kernel?.disposed?.disconnect(end);
  };
  model.on("comm_live_update", end);
  model.on("comm:close", end);
  kernel?.statusChanged?.connect(told);
  kernel?.disposed?.connect(end);
  return stop;
}
