// Says that an operation has ended while another view is open.
import Button from "@cloudscape-design/components/button";
import Flashbar from "@cloudscape-design/components/flashbar";
import { useSyncExternalStore } from "react";
import { href } from "./location";
import { outcome } from "./outcome";
import type { Watch } from "./watch";

export function Ended({ watch, path }: { watch: Watch; path: string }) {
  useSyncExternalStore(watch.subscribe, watch.snapshot);
  const elsewhere = watch.ended().filter(({ operation_id }) => path !== `/operations/${operation_id}`);
  const items = elsewhere.map((operation) => {
    const { type, said } = outcome(operation);
    const id = operation.operation_id;
    return {
      id,
      type,
      content: said,
      dismissible: true,
      dismissLabel: `Dismiss: ${said}`,
      onDismiss: () => watch.dismiss(id),
      action: <Button href={href(`/operations/${id}`)}>Look</Button>,
    };
  });
  return items.length > 0 && <Flashbar items={items} />;
}
