/** How an operation stands, in words, and what to do next. */
import type { Operation } from "./service";
import { duration, moment, OPERATIONS } from "./words";

export interface Told {
  type: "in-progress" | "success" | "error" | "warning";
  said: string;
  next: string;
}

export function outcome(operation: Operation): Told {
  const { name } = OPERATIONS[operation.operation];
  const of = `${name} of ${operation.instance_id}`;
  if (!operation.finished) {
    const percent = operation.percent === undefined ? "" : `, ${operation.percent} %`;
    return { type: "in-progress", said: `${of}: ${operation.status}${percent}`, next: "You may leave this page: the operation goes on." };
  }
  if (operation.success) {
    return { type: "success", said: `${of} is done after ${duration(operation.duration_seconds)}`, next: operation.note ?? "Nothing is left to do." };
  }
  if (operation.final_status === "available") {
    return { type: "success", said: `${of} was done after the time-out`, next: operation.final_note ?? "Nothing is left to do." };
  }
  if (operation.status === "timeout") {
    const watched = operation.watched_until ? ` The service looks on until ${moment(operation.watched_until)}.` : "";
    return { type: "warning", said: `${of} had not ended when the time was over`, next: `${operation.note ?? ""}${watched}` };
  }
  return { type: "error", said: `${of} has failed`, next: [operation.error, operation.note, operation.final_note].filter(Boolean).join(" ") };
}
