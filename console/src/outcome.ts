/** How an operation stands, in words, and what to do next. */
import type { Operation } from "./service";
import { duration, moment, OPERATIONS, sentences } from "./words";

export interface Told {
  type: "in-progress" | "success" | "error" | "warning";
  /** In a word or two. */
  short: string;
  said: string;
  next: string;
}

export function outcome(operation: Operation): Told {
  const { name } = OPERATIONS[operation.operation];
  const of = `${name} of ${operation.instance_id}`;
  if (!operation.finished) {
    const percent = operation.percent === undefined ? "" : `, ${operation.percent} %`;
    return { type: "in-progress", short: "running", said: `${of}: ${operation.status}${percent}`, next: "You may leave this page: the operation goes on." };
  }
  if (operation.success) {
    return { type: "success", short: "succeeded", said: `${of} is done after ${duration(operation.duration_seconds)}`, next: sentences(resultOf(operation), operation.note) };
  }
  if (operation.final_status === "available") {
    return { type: "success", short: "succeeded late", said: `${of} was done after the time-out`, next: sentences(resultOf(operation), operation.final_note) };
  }
  if (operation.status === "timeout") {
    const next = isWatched(operation)
      ? `RDS may still be at it. The service checks until ${moment(operation.watched_until!)}, and this page will say how it ended. There is nothing to do.`
      : sentences(operation.note, operation.final_note);
    return { type: "warning", short: "timed out", said: `${of} had not ended when the service stopped waiting, after ${duration(operation.duration_seconds)}`, next };
  }
  return { type: "error", short: "failed", said: `${of} has failed`, next: sentences(operation.error, operation.note, operation.final_note) };
}

/** Whether the service itself still looks for the end of one that has timed out. */
export const isWatched = (operation: Operation): boolean =>
  "watched_until" in operation && !operation.final_status && Date.parse(operation.watched_until ?? "") > Date.now();

/** Say what came of it. */
function resultOf({ operation, parameters, instance_id }: Operation): string {
  if (operation === "create_snapshot") return `The snapshot is named ${parameters.snapshot_id}`;
  if (operation === "reboot_instance") return `${instance_id} is available again`;
  return `The daily backups are at ${parameters.backup_window} UTC now`;
}
