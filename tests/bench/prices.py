"""AWS's list prices in us-east-1, in USD, without the free tier. Each with the page that it is from."""

from __future__ import annotations

GB_SECOND = 0.0000133334
"""Lambda, arm64. https://aws.amazon.com/lambda/pricing/"""
INVOCATION = 0.20e-6
TRANSITION = 0.025e-3
"""Of a Standard execution. https://aws.amazon.com/step-functions/pricing/"""
EXPRESS_REQUEST = 1.00e-6
EXPRESS_GB_SECOND = 0.00001667
API_REQUEST = 3.50e-6
"""A REST API. https://aws.amazon.com/api-gateway/pricing/"""
WRITE_UNIT, READ_UNIT = 0.625e-6, 0.125e-6
"""DynamoDB on demand. https://aws.amazon.com/dynamodb/pricing/on-demand/"""
LOG_GB = 0.50
"""Ingested by CloudWatch Logs. https://aws.amazon.com/cloudwatch/pricing/"""
TRACE = 5.00e-6
"""Recorded by X-Ray. https://aws.amazon.com/xray/pricing/"""
SCHEDULED = 1.00e-6
"""EventBridge Scheduler. https://aws.amazon.com/eventbridge/pricing/"""
QUEUE_REQUEST = 0.40e-6
"""SQS. https://aws.amazon.com/sqs/pricing/"""
