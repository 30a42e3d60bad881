//! Frames of every link type, tunnel and extension, built from octets, down to their segment.

mod build;
mod fragments;
mod hostile;
mod links;
mod network;
mod tunnels;
