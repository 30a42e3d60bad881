//! Ports that look like a service's: Zeek's list, which finrst follows where no SYN was seen.

/// Ports at which Zeek expects a server when it guesses a direction.
const LIKELY_SERVER_PORTS: [u16; 49] = [
    21, 22, 25, 53, 79, 80, 81, 88, 135, 139, 143, 389, 443, 445, 465, 502, 514, 563, 585, 587,
    614, 631, 636, 989, 990, 992, 993, 995, 1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5222,
    5223, 5269, 5432, 6379, 6666, 6667, 6668, 6669, 8000, 8080, 8888, 20000,
];

/// Whether a server is likely at this port.
pub(crate) fn likely_server_port(port: u16) -> bool {
    LIKELY_SERVER_PORTS.contains(&port)
}
