"""The Dagster partitions: one per tenant. The sensor ``tenants_to_partitions`` adds what the
registry has; only ``bc-pipeline tenants remove`` takes one away."""

from dagster import DynamicPartitionsDefinition

NAME = "tenants"
TENANTS = DynamicPartitionsDefinition(name=NAME)
