// Another TCP stack at the server's end: gVisor's netstack on a TUN device.
//
// `gvisor TUN ADDRESS4 ADDRESS6 GATEWAY4 GATEWAY6`; commands on standard input, `listen PORT MODE`,
// each answered by a line: one listener that plays MODE to its one connection.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/link/tun"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"
)

func must(what string, err any) {
	if err != nil && fmt.Sprint(err) != "<nil>" {
		fmt.Fprintln(os.Stderr, what, err)
		os.Exit(1)
	}
}

type source []byte

func (s *source) Read(p []byte) (int, error) {
	if len(*s) == 0 {
		return 0, fmt.Errorf("empty")
	}
	n := copy(p, *s)
	*s = (*s)[n:]
	return n, nil
}
func (s *source) Len() int { return len(*s) }

func main() {
	args := os.Args
	fd, err := tun.Open(args[1])
	must("tun", err)
	link, err := fdbased.New(&fdbased.Options{FDs: []int{fd}, MTU: 1500})
	must("link", err)
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
	})
	must("nic", tcpErr(s.CreateNIC(1, link)))
	add(s, header.IPv4ProtocolNumber, net.ParseIP(args[2]).To4(), 24)
	add(s, header.IPv6ProtocolNumber, net.ParseIP(args[3]).To16(), 64)
	s.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: 1},
		{Destination: header.IPv6EmptySubnet, NIC: 1},
	})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var port uint16
		var mode string
		_, err := fmt.Sscanf(lines.Text(), "listen %d %s", &port, &mode)
		must("command", err)
		var queue waiter.Queue
		listener, terr := s.NewEndpoint(tcp.ProtocolNumber, ipv6.ProtocolNumber, &queue)
		must("endpoint", tcpErr(terr))
		must("bind", tcpErr(listener.Bind(tcpip.FullAddress{Port: port})))
		must("listen", tcpErr(listener.Listen(4)))
		go play(listener, &queue, mode)
		fmt.Println("ok")
	}
}

func tcpErr(err tcpip.Error) any {
	if err == nil {
		return nil
	}
	return err.String()
}

func add(s *stack.Stack, protocol tcpip.NetworkProtocolNumber, ip net.IP, prefix int) {
	address := tcpip.ProtocolAddress{
		Protocol: protocol,
		AddressWithPrefix: tcpip.AddressWithPrefix{
			Address: tcpip.Address(ip), PrefixLen: prefix,
		},
	}
	must("address", tcpErr(s.AddProtocolAddress(1, address, stack.AddressProperties{})))
}

func play(listener tcpip.Endpoint, queue *waiter.Queue, mode string) {
	entry, came := waiter.NewChannelEntry(waiter.ReadableEvents)
	queue.EventRegister(&entry)
	var c tcpip.Endpoint
	var wq *waiter.Queue
	for c == nil {
		end, q, err := listener.Accept(nil)
		if err == nil {
			c, wq = end, q
			break
		}
		<-came
	}
	listener.Close()
	if mode == "timeout" {
		c.SocketOptions().SetKeepAlive(true)
		idle := tcpip.KeepaliveIdleOption(time.Second)
		between := tcpip.KeepaliveIntervalOption(700 * time.Millisecond)
		_ = c.SetSockOpt(&idle)
		_ = c.SetSockOpt(&between)
		_ = c.SetSockOptInt(tcpip.KeepaliveCountOption, 3)
	}
	ready, events := waiter.NewChannelEntry(waiter.ReadableEvents | waiter.EventHUp | waiter.EventErr)
	wq.EventRegister(&ready)
	began := time.Now()
	for {
		if mode != "unread" {
			if closed := echo(c, mode); closed {
				c.Close()
				return
			}
		}
		if time.Since(began) > 1200*time.Millisecond {
			switch mode {
			case "close", "unread":
				c.Close()
				return
			case "abort", "flood":
				c.Abort()
				return
			}
		}
		select {
		case <-events:
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func say(c tcpip.Endpoint, data []byte) {
	s := source(data)
	_, _ = c.Write(&s, tcpip.WriteOptions{})
}

// Sends back what has come; true when the client has closed.
func echo(c tcpip.Endpoint, mode string) bool {
	for {
		var got sink
		_, err := c.Read(&got, tcpip.ReadOptions{})
		if err != nil {
			switch err.(type) {
			case *tcpip.ErrClosedForReceive:
				return true
			default:
				return false
			}
		}
		if mode == "flood" {
			for n := 0; n < 64; n++ {
				say(c, make([]byte, 16384))
			}
			continue
		}
		say(c, got)
	}
}

type sink []byte

func (s *sink) Write(p []byte) (int, error) {
	*s = append(*s, p...)
	return len(p), nil
}
