"""Beyond one machine: real PostgreSQL, Redis and Celery workers."""
