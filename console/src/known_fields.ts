/** What the page knows of single fields beyond the API document: it has the instance before it. */
import type { Field } from "./document";
import type { Tag } from "./fields";
import type { Live } from "./service";

export type Value = string | boolean | Tag[];

/** Return why a value that the service would take changes nothing, empty where it does. */
export function useless({ name }: Field, value: string, { backup_window }: Live): string {
  return name === "backup_window" && value === backup_window ? "This is its backup window already." : "";
}

/** Return why the instance as it is rules the flag out, empty where it does not. */
export function unavailable({ name }: Field, { instance_id, multi_az, pending_changes }: Live): string {
  if (name === "force_failover" && !multi_az) return `${instance_id} has no standby: it is not Multi-AZ.`;
  if (name !== "apply_immediately" || pending_changes.length === 0) return "";
  return `It would apply the pending changes, too: ${pending_changes.join(", ")}. RDS moves the window without it, too.`;
}

/** A snapshot gets the name that rds-ops would give it, made unique by the second. */
export function initial({ name, kind, initial: flag }: Field, { instance_id, backup_window, pending_changes }: Live): Value {
  if (name === "apply_immediately") return pending_changes.length === 0;
  if (kind !== "text") return kind === "flag" ? flag : [];
  if (name === "snapshot_id") return `${instance_id}-manual-${new Date().toISOString().slice(0, 19).replace("T", "-").replaceAll(":", "")}`;
  return name === "backup_window" ? backup_window : "";
}
