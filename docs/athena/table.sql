CREATE EXTERNAL TABLE rds_audit_archive (
  audit_id string,
  `timestamp` string,
  event string,
  operation string,
  instance_id string,
  account_id string,
  region string,
  environment string,
  environment_source string,
  success boolean,
  dry_run boolean,
  principal string,
  user_identity string,
  parameters string,
  result string,
  operation_id string,
  execution_arn string,
  recorded_by string,
  version string,
  hash string
)
PARTITIONED BY (day string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
LOCATION 's3://<ArchiveBucket>/packs/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.day.type' = 'date',
  'projection.day.format' = 'yyyy-MM-dd',
  'projection.day.range' = '2026-01-01,NOW',
  'storage.location.template' = 's3://<ArchiveBucket>/packs/day=${day}/'
)
