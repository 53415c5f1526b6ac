"""The servers' configuration files, for a small machine that runs five servers side by side."""

COMMON = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    # Leaves out the detail and context of an error, which quote rows.
    "log_error_verbosity": "terse",
    "shared_buffers": "64MB",
    "effective_cache_size": "512MB",
    "maintenance_work_mem": "64MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "autovacuum_max_workers": "2",
    "max_logical_replication_workers": "0",
    # Containers often have only 64 MB of /dev/shm, and a killed server would leave its segments there.
    "dynamic_shared_memory_type": "mmap",
    "shared_preload_libraries": "pg_stat_statements",
    "wal_level": "replica",
    "max_wal_senders": "5",
    "max_replication_slots": "5",
    "max_wal_size": "1GB",
    # A standby that is further behind is made again: else its log would fill the primary's disk.
    "max_slot_wal_keep_size": "2GB",
    "hot_standby": "on",
    "hot_standby_feedback": "on",
    "wal_retrieve_retry_interval": "250ms",
}

# Data survive a killed process, but not a power cut. Without synchronous_commit the WAL would reach the standby late.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}

SCRAM_ITERATIONS_SINCE = 16
IO_METHOD_SINCE = 18


def server_settings(port: int, *, major: int, durable: bool, standby: dict[str, str] | None = None) -> str:
    """The text of postgresql.conf."""
    settings = COMMON | {"port": str(port)} | (standby or {})
    if not durable:
        settings |= NOT_DURABLE
    settings |= password_settings(major=major, durable=durable)
    if major >= IO_METHOD_SINCE:
        # The default would add three processes to each server.
        settings["io_method"] = "sync"
    return "".join(f"{name} = '{_quoted(value)}'\n" for name, value in settings.items())


def password_settings(*, major: int, durable: bool) -> dict[str, str]:
    """How passwords are hashed. initdb needs it too: it hashes the owner's.

    A client hashes its password again for each new connection, 4,096 times by default: the most that a short test does.
    """
    return {} if durable or major < SCRAM_ITERATIONS_SINCE else {"scram_iterations": "1"}


def client_rules() -> str:
    """The text of pg_hba.conf: passwords only, loopback only."""
    return "host all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
