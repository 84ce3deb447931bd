"""What is remembered: PostgreSQL tables, one file per noun. Nothing here touches the network but the database."""
