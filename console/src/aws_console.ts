/** Links into AWS's own console; empty where the service does not run on AWS. */
import type { Operation } from "./service";

const CONSOLES: Record<string, string> = {
  aws: "console.aws.amazon.com",
  "aws-cn": "console.amazonaws.cn",
  "aws-us-gov": "console.amazonaws-us-gov.com",
};
export const LOG_GROUP = "/aws/lambda/rds-operations-service";
const FIELDS = "@timestamp, state, message, event, poll, status, percent, aws_action, aws_error_code, code, reason";
const MARGIN = 60_000;
const WATCHED = 24 * 3600_000;

export function executionPage({ execution_arn }: Operation): string {
  const { site, region } = siteOf(execution_arn);
  return site && `${site}/states/home?region=${region}#/v2/executions/details/${encodeURIComponent(execution_arn)}`;
}

/** Return the saved query `rds-operations/one-operation`, asked of this operation and its time. */
export function logsPage(operation: Operation): string {
  const { site, region } = siteOf(operation.execution_arn);
  if (!site) return "";
  const asked = Date.parse(operation.requested_at);
  const end = operation.ended_at ? Date.parse(operation.ended_at) + MARGIN : asked + WATCHED;
  const query = [`fields ${FIELDS}`, `filter operation_id = "${operation.operation_id}"`, "sort @timestamp asc"].join("\n| ");
  const detail =
    `~(end~'${text(new Date(end).toISOString())}~start~'${text(new Date(asked - MARGIN).toISOString())}` +
    `~timeType~'ABSOLUTE~tz~'UTC~editorString~'${text(query)}~source~(~'${text(LOG_GROUP)}))`;
  const fragment = encodeURIComponent(`?queryDetail=${detail}`).replaceAll("%", "$");
  return `${site}/cloudwatch/home?region=${region}#logsV2:logs-insights${fragment}`;
}

function siteOf(arn: string, host = window.location.hostname): { site: string; region: string } {
  const [, partition, , region] = arn.split(":");
  const isLocal = host === "127.0.0.1" || host === "localhost" || !(partition in CONSOLES);
  return { site: isLocal ? "" : `https://${region}.${CONSOLES[partition]}`, region };
}

/** Write a text as AWS's console has it in its links: what is no letter, digit or one of -_. as * and two digits. */
const text = (value: string): string =>
  value.replace(/[^\w.-]/g, (sign) => `*${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
