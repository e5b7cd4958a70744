// Says which operations run, and which have ended, while another view is open.
import Button from "@cloudscape-design/components/button";
import Flashbar, { type FlashbarProps } from "@cloudscape-design/components/flashbar";
import { useSyncExternalStore } from "react";
import { href } from "./location";
import { outcome } from "./outcome";
import type { Operation } from "./service";
import type { Watch } from "./watch";

export function Notices({ watch, path }: { watch: Watch; path: string }) {
  useSyncExternalStore(watch.subscribe, watch.snapshot);
  const isElsewhere = ({ operation_id }: Operation): boolean => path !== `/operations/${operation_id}`;
  const ended: FlashbarProps.MessageDefinition[] = watch.ended().filter(isElsewhere).map((operation) => {
    const { type, said } = outcome(operation);
    const id = operation.operation_id;
    return {
      id,
      type,
      content: said,
      dismissible: true,
      dismissLabel: `Dismiss: ${said}`,
      onDismiss: () => watch.dismiss(id),
      action: <Button href={href(`/operations/${id}`)}>Show</Button>,
    };
  });
  const running = watch.running().filter(isElsewhere);
  const items = running.length > 0 ? [runs(running), ...ended] : ended;
  return items.length > 0 && <Flashbar items={items} />;
}

/** One message for all of them. */
function runs(running: Operation[]): FlashbarProps.MessageDefinition {
  const [first] = running;
  const isOne = running.length === 1;
  return {
    id: "running",
    type: "in-progress",
    loading: true,
    content: isOne ? outcome(first).said : `${running.length} operations are running`,
    action: <Button href={isOne ? href(`/operations/${first.operation_id}`) : href("/history", { outcome: "open" })}>Watch</Button>,
  };
}
