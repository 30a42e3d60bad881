//! Another TCP stack at the server's end: smoltcp on a TUN device.
//!
//! `finrst-lab-smoltcp TUN ADDRESS4 ADDRESS6 GATEWAY4 GATEWAY6`; commands on standard input, `listen PORT MODE`, each
//! answered by a line: one socket that plays MODE to its one connection.

use std::io::BufRead;
use std::os::fd::AsRawFd;
use std::sync::mpsc;
use std::time::Duration as Wait;

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{wait, Medium, TunTapInterface};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};

struct Play {
    handle: SocketHandle,
    mode: String,
    since: Option<Instant>,
    closed: Option<Instant>,
    done: bool,
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut device = TunTapInterface::new(&args[1], Medium::Ip).expect("TUN device");
    let fd = device.as_raw_fd();
    let mut config = Config::new(HardwareAddress::Ip);
    config.random_seed = u64::from(std::process::id());
    let mut iface = Interface::new(config, &mut device, Instant::now());
    iface.update_ip_addrs(|list| {
        for text in &args[2..4] {
            let address: IpAddress = text.parse().expect("address");
            let length = if text.contains(':') { 64 } else { 24 };
            list.push(IpCidr::new(address, length)).expect("room for two addresses");
        }
    });
    for text in &args[4..6] {
        match text.parse::<IpAddress>().expect("gateway") {
            IpAddress::Ipv4(a) => drop(iface.routes_mut().add_default_ipv4_route(a)),
            IpAddress::Ipv6(a) => drop(iface.routes_mut().add_default_ipv6_route(a)),
        }
    }
    let (send, receive) = mpsc::channel::<String>();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if send.send(line).is_err() {
                break;
            }
        }
        std::process::exit(0);
    });

    let mut sockets = SocketSet::new(vec![]);
    let mut plays: Vec<Play> = vec![];
    loop {
        while let Ok(line) = receive.recv_timeout(Wait::ZERO) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let port: u16 = words[1].parse().expect("port");
            let buffer = || SocketBuffer::new(vec![0; 16384]);
            let mut socket = Socket::new(buffer(), buffer());
            socket.set_tsval_generator(Some(millis));
            if words[2] == "timeout" {
                socket.set_keep_alive(Some(Duration::from_millis(700)));
                socket.set_timeout(Some(Duration::from_millis(3500)));
            }
            socket.listen(port).expect("listen");
            let handle = sockets.add(socket);
            plays.push(Play { handle, mode: words[2].into(), since: None, closed: None, done: false });
            println!("ok");
        }
        let now = Instant::now();
        iface.poll(now, &mut device, &mut sockets);
        plays.retain_mut(|play| step(play, &mut sockets, now));
        iface.poll(now, &mut device, &mut sockets);
        let _ = wait(fd, Some(Duration::from_millis(2)));
    }
}

fn millis() -> u32 {
    Instant::now().total_millis() as u32
}

/// One step of a socket's play; false when it is over and the socket removed.
fn step(play: &mut Play, sockets: &mut SocketSet<'_>, now: Instant) -> bool {
    let socket = sockets.get_mut::<Socket>(play.handle);
    if socket.state() == State::Listen {
        return true;
    }
    if socket.state() == State::Closed {
        // A last segment is still to go out before the socket is removed.
        if now - *play.closed.get_or_insert(now) < Duration::from_millis(300) {
            return true;
        }
        sockets.remove(play.handle);
        return false;
    }
    if socket.state() == State::SynReceived {
        return true;
    }
    let since = *play.since.get_or_insert(now);
    let waited = now - since;
    if play.done {
        return true;
    }
    match play.mode.as_str() {
        // Echoes until the client closes, then closes too.
        "echo" | "timeout" => {
            echo(socket);
            if socket.state() == State::CloseWait && !socket.can_recv() {
                socket.close();
                play.done = true;
            }
        }
        // Echoes for a while, then closes first.
        "close" => {
            echo(socket);
            if waited > Duration::from_millis(600) {
                socket.close();
                play.done = true;
            }
        }
        // Echoes for a while, then aborts.
        "abort" => {
            echo(socket);
            if waited > Duration::from_millis(600) {
                socket.abort();
                play.done = true;
            }
        }
        // Never reads; closes after a while: this stack sends a FIN all the same.
        "unread" => {
            if waited > Duration::from_millis(600) {
                socket.close();
                play.done = true;
            }
        }
        // Echoes for a while, then forgets the connection without a word.
        "vanish" => {
            echo(socket);
            if waited > Duration::from_millis(600) {
                sockets.remove(play.handle);
                return false;
            }
        }
        other => panic!("unknown mode {other}"),
    }
    true
}

fn echo(socket: &mut Socket<'_>) {
    let mut buffer = [0; 4096];
    while socket.can_recv() && socket.can_send() {
        let size = socket.recv_slice(&mut buffer).unwrap_or(0);
        if size == 0 || socket.send_slice(&buffer[..size]).is_err() {
            break;
        }
    }
}
