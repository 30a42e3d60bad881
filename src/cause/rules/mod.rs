//! The causes, one file each. The order here is the order of decision: the first rule that is more
//! likely than not decides, the others that hold become alternatives. What holds together in the
//! examples stands in `tests/data/rules_holding.tsv`.

mod prelude;

mod abort_unread_data;
mod accept_queue_dropped;
mod accept_queue_overflow;
mod accept_queue_overflow_reset;
mod admission_limit;
mod application_abort;
mod client_close;
mod client_handshake_timeout;
mod connect_race_lost;
mod connection_age_limit;
mod content_injected;
mod data_after_close;
mod device_stated;
mod filtered_by_name;
mod fin_unanswered;
mod fin_wait2_expired;
mod follow_up_reset;
mod forged_syn_ack;
mod half_close_eof;
mod half_open_discovered;
mod handshake_ack_lost;
mod handshake_reset_ignored;
mod health_check_probe;
mod icmp_unreachable;
mod idle_close;
mod idle_timeout_reset;
mod intermittent_refusal;
mod keepalive_race;
mod keepalive_timeout;
mod mptcp_reset;
mod nat_bypassed;
mod nat_state_lost;
mod no_socket;
mod old_duplicate_syn;
mod path_mtu_black_hole;
mod port_closed;
mod port_reuse_collision;
mod probe_scan;
mod rejected_by_firewall;
mod relayed_end;
mod request_unanswered;
mod reset_injected;
mod retransmission_timeout;
mod rst_answers_unseen_segment;
mod rst_challenged;
mod server_close;
mod service_event;
mod simultaneous_close;
mod still_open;
mod stray_segment;
mod syn_ack_bad_timestamp;
mod syn_ack_ignored;
mod syn_ack_mismatch;
mod syn_ack_unanswered;
mod syn_option_dropped;
mod syn_scan;
mod syn_unanswered;
mod timestamp_rejected;
mod tls_failure;
mod tls_handshake_cut;
mod unread_close_notify;
mod zero_window_giveup;
mod zero_window_stall;

use super::rule::Rule;
pub(super) use prelude::COMMON;

/// Every cause, in order of decision.
pub static RULES: &[&Rule] = &[
    // What a device says of itself stands above what the packets look like.
    &device_stated::RULE,
    // A SYN on the ports of an old connection: one that had been closing, one that had not, an
    // earlier SYN. Each explains the odd answer, and stray_segment or syn_unanswered only name it.
    &port_reuse_collision::RULE,
    &half_open_discovered::RULE,
    &old_duplicate_syn::RULE,
    // A forged SYN-ACK is a mismatching one with a sign of who made it.
    &forged_syn_ack::RULE,
    &syn_ack_mismatch::RULE,
    // The client resets for the echo, however long it waited: before client_handshake_timeout.
    &syn_ack_bad_timestamp::RULE,
    // Its resets look injected, or sent without a socket; the twin at another address explains it.
    &nat_bypassed::RULE,
    // Resets that decided nothing, so that nobody else explains them.
    &rst_challenged::RULE,
    &follow_up_reset::RULE,
    // The resets behind forged payload are its consequence: before reset_injected.
    &content_injected::RULE,
    // A request that met the server's timer is data after a close, or was left unread, at a moment
    // that only this explains.
    &keepalive_race::RULE,
    // A box that forgot sends from elsewhere as an injector does; the silence tells the two apart.
    &idle_timeout_reset::RULE,
    &reset_injected::RULE,
    // One and the same refusal: the port is open to others, or it came from elsewhere, or neither.
    &intermittent_refusal::RULE,
    &rejected_by_firewall::RULE,
    &port_closed::RULE,
    // A handshake that the client drops. Who has a winner beside it, rounds, or many targets need
    // not have waited for a limit of its own.
    &connect_race_lost::RULE,
    &health_check_probe::RULE,
    &syn_scan::RULE,
    &client_handshake_timeout::RULE,
    // The names show who cut it, whatever that looked like: a full queue, a lost state, a close.
    &filtered_by_name::RULE,
    // Answers to a SYN that were not taken, or not answered.
    &syn_ack_ignored::RULE,
    &handshake_reset_ignored::RULE,
    &syn_ack_unanswered::RULE,
    // Right after the handshake a reply says more than that there is no socket.
    &accept_queue_overflow_reset::RULE,
    // These three abort or close as an application does; others at the same time say why.
    &admission_limit::RULE,
    &relayed_end::RULE,
    &accept_queue_dropped::RULE,
    // An abort after probes, or at a closed window, is its host's and not the application's.
    &keepalive_timeout::RULE,
    &zero_window_giveup::RULE,
    // What TLS said at the end explains the close, and the reset to what crossed it.
    &tls_failure::RULE,
    // A refused goodbye is data after a close, too, of which nothing was lost.
    &unread_close_notify::RULE,
    // Soon after the FIN it is data that was refused; later, a state that had expired.
    &data_after_close::RULE,
    &fin_wait2_expired::RULE,
    // Closes of one age come one by one; an event's come together.
    &connection_age_limit::RULE,
    &service_event::RULE,
    // SYNs without an answer, from what explains them best; syn_unanswered only says it.
    &timestamp_rejected::RULE,
    &syn_option_dropped::RULE,
    // The server repeats its SYN-ACK: where it serves others for the path, else for its queue.
    &handshake_ack_lost::RULE,
    &accept_queue_overflow::RULE,
    // The peer falls silent: a box forgot it while its host lives, full segments alone are lost, or
    // nothing says why. All of them repeat, so retransmission_timeout is last.
    &nat_state_lost::RULE,
    &path_mtu_black_hole::RULE,
    &icmp_unreachable::RULE,
    &retransmission_timeout::RULE,
    // A segment without SYN and ACK is a probe, and without a connection a stray; its answer has no
    // socket, as that of any of the rest.
    &probe_scan::RULE,
    &stray_segment::RULE,
    &no_socket::RULE,
    // An abort with something left unread, with a stated reason, or with neither.
    &abort_unread_data::RULE,
    &mptcp_reset::RULE,
    &application_abort::RULE,
    // What is left of resets and SYNs, which hold beside nothing else.
    &rst_answers_unseen_segment::RULE,
    &syn_unanswered::RULE,
    // Ends by FIN, and none at all: those with a reason, then what only says who closed first.
    &zero_window_stall::RULE,
    &tls_handshake_cut::RULE,
    &simultaneous_close::RULE,
    &half_close_eof::RULE,
    &fin_unanswered::RULE,
    &request_unanswered::RULE,
    &idle_close::RULE,
    &client_close::RULE,
    &server_close::RULE,
    &still_open::RULE,
];
