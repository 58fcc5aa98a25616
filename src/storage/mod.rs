//! The store of offline media keys.
