//! Initialisation data: pssh boxes and the containers that carry them.
