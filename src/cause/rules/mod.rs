//! The causes, one file each. The order here is the order of decision: the first rule that holds
//! decides, the others that hold become alternatives.

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

/// Every cause, in order of decision.
pub static RULES: &[&Rule] = &[
    &device_stated::RULE,
    &port_reuse_collision::RULE,
    &half_open_discovered::RULE,
    &old_duplicate_syn::RULE,
    &forged_syn_ack::RULE,
    &syn_ack_mismatch::RULE,
    &syn_ack_bad_timestamp::RULE,
    &nat_bypassed::RULE,
    &rst_challenged::RULE,
    &follow_up_reset::RULE,
    &content_injected::RULE,
    &keepalive_race::RULE,
    &idle_timeout_reset::RULE,
    &reset_injected::RULE,
    &intermittent_refusal::RULE,
    &rejected_by_firewall::RULE,
    &port_closed::RULE,
    &connect_race_lost::RULE,
    &health_check_probe::RULE,
    &syn_scan::RULE,
    &client_handshake_timeout::RULE,
    &filtered_by_name::RULE,
    &syn_ack_ignored::RULE,
    &handshake_reset_ignored::RULE,
    &syn_ack_unanswered::RULE,
    &accept_queue_overflow_reset::RULE,
    &admission_limit::RULE,
    &relayed_end::RULE,
    &accept_queue_dropped::RULE,
    &keepalive_timeout::RULE,
    &zero_window_giveup::RULE,
    &tls_failure::RULE,
    &unread_close_notify::RULE,
    &data_after_close::RULE,
    &fin_wait2_expired::RULE,
    &connection_age_limit::RULE,
    &service_event::RULE,
    &timestamp_rejected::RULE,
    &syn_option_dropped::RULE,
    &handshake_ack_lost::RULE,
    &accept_queue_overflow::RULE,
    &nat_state_lost::RULE,
    &path_mtu_black_hole::RULE,
    &retransmission_timeout::RULE,
    &probe_scan::RULE,
    &stray_segment::RULE,
    &no_socket::RULE,
    &abort_unread_data::RULE,
    &mptcp_reset::RULE,
    &application_abort::RULE,
    &rst_answers_unseen_segment::RULE,
    &icmp_unreachable::RULE,
    &syn_unanswered::RULE,
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
