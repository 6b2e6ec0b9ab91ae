//! The configuration: parsed once into types that cannot be wrong.
