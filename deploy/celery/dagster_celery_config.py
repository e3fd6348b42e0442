"""Settings of the Celery workers; ``dagster_celery.app`` imports a module of this name."""

import os

broker_url = result_backend = os.environ["BC_PIPELINE_REDIS_URL"]
# A sweep takes minutes: what a worker is not at work on belongs to the others.
worker_prefetch_multiplier = 1
# A task is not handed out again when its worker dies, nor when it takes long: the next tick does
# what is left over, and a sweep executed again under the same run would be refused.
task_acks_late = False
broker_transport_options = {"visibility_timeout": 6 * 3600}
# Sweeps of a fresh process now and then keep memory flat.
worker_max_tasks_per_child = 50
result_expires = 24 * 3600
