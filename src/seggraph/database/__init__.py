"""The database: connections, the transaction scope, leases and pages. It knows no noun."""
