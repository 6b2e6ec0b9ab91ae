//! The store: one SQL text for SQLite and PostgreSQL; a transaction is the unit of work.
