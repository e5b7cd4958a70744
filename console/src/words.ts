/** What things are called on the page. */
import type { Instance, OperationName } from "./service";

export const OPERATIONS: Record<OperationName, { name: string; act: string }> = {
  create_snapshot: { name: "Snapshot", act: "Take a snapshot" },
  reboot_instance: { name: "Reboot", act: "Reboot" },
  modify_backup_window: { name: "Backup window", act: "Move the backup window" },
};

export const NAMES = Object.keys(OPERATIONS) as OperationName[];

export const placeOf = ({ account_id, region }: Pick<Instance, "account_id" | "region">): string =>
  `${account_id} ${region}`;

export const allowedOf = ({ operations }: Instance): OperationName[] => NAMES.filter((name) => operations[name].allowed);

/** In the reader's own zone, with UTC beside it. */
export function moment(at: string): string {
  const date = new Date(at);
  const here = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  return `${here} (${date.toISOString().slice(11, 16)} UTC)`;
}
