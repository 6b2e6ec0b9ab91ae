//! Deliveries and deadlines, carried out until done.
