//! Common encryption (ISO/IEC 23001-7) sample decryption.
