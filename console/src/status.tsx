// A status indicator whose words stay whole: Cloudscape's breaks a line anywhere within a word.
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import "./status.css";

export function Status({ type, children }: Pick<StatusIndicatorProps, "type" | "children">) {
  return (
    <StatusIndicator type={type}>
      <span className="words">{children}</span>
    </StatusIndicator>
  );
}
