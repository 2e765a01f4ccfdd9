//! Template files → declared resources.
