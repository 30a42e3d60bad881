/* Another TCP stack at the server's end: lwIP on a TUN device.
 *
 * `lwip TUN ADDRESS4 ADDRESS6 GATEWAY4 GATEWAY6`; commands on standard input, `listen PORT MODE`,
 * each answered by a line: one listener that plays MODE to its one connection. */

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"
#include "lwip/tcpip.h"

static int tun;
static struct netif nic;

struct play {
    char mode[16];
    int ticks;
    struct tcp_pcb *listener;
};

static err_t out(struct pbuf *p) {
    char frame[65536];
    u16_t size = pbuf_copy_partial(p, frame, 65535, 0);
    return write(tun, frame, size) == size ? ERR_OK : ERR_IF;
}

static err_t out4(struct netif *n, struct pbuf *p, const ip4_addr_t *to) {
    (void)n, (void)to;
    return out(p);
}

static err_t out6(struct netif *n, struct pbuf *p, const ip6_addr_t *to) {
    (void)n, (void)to;
    return out(p);
}

static err_t begin(struct netif *n) {
    n->name[0] = 't', n->name[1] = 'n';
    n->mtu = 1500;
    n->output = out4;
    n->output_ip6 = out6;
    n->flags |= NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

static void *feed(void *unused) {
    (void)unused;
    char frame[65536];
    for (;;) {
        ssize_t size = read(tun, frame, sizeof frame);
        if (size <= 0) exit(0);
        struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)size, PBUF_RAM);
        if (!p) continue;
        pbuf_take(p, frame, (u16_t)size);
        if (nic.input(p, &nic) != ERR_OK) pbuf_free(p);
    }
}

static int is(const struct play *play, const char *mode) { return !strcmp(play->mode, mode); }

static void silent(struct tcp_pcb *pcb) {
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
}

static void failed(void *arg, err_t error) {
    (void)error;
    free(arg);
}

static err_t got(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error) {
    struct play *play = arg;
    (void)error;
    if (!p) { /* the client has closed */
        if (is(play, "deaf")) return ERR_OK;
        silent(pcb);
        free(play);
        tcp_close(pcb);
        return ERR_OK;
    }
    if (is(play, "unread")) return ERR_OK; /* kept, and the window stays smaller */
    tcp_recved(pcb, p->tot_len);
    if (is(play, "flood")) {
        static char block[16384];
        memset(block, 'x', sizeof block);
        while (tcp_write(pcb, block, sizeof block, TCP_WRITE_FLAG_COPY) == ERR_OK) {}
    } else {
        for (struct pbuf *q = p; q; q = q->next)
            tcp_write(pcb, q->payload, q->len, TCP_WRITE_FLAG_COPY);
    }
    tcp_output(pcb);
    pbuf_free(p);
    return ERR_OK;
}

/* Every half second. */
static err_t tick(void *arg, struct tcp_pcb *pcb) {
    struct play *play = arg;
    if (!play || ++play->ticks < 3) return ERR_OK;
    if (is(play, "close") || is(play, "unread")) {
        silent(pcb);
        free(play);
        tcp_close(pcb);
    } else if (is(play, "abort") || is(play, "flood")) {
        silent(pcb);
        free(play);
        tcp_abort(pcb);
        return ERR_ABRT;
    } else if (is(play, "vanish")) {
        silent(pcb);
        free(play);
        tcp_abandon(pcb, 0);
        return ERR_ABRT;
    }
    return ERR_OK;
}

static err_t came(void *arg, struct tcp_pcb *pcb, err_t error) {
    struct play *play = arg;
    if (error != ERR_OK || !pcb) return ERR_VAL;
    tcp_arg(pcb, play);
    tcp_recv(pcb, got);
    tcp_err(pcb, failed);
    tcp_poll(pcb, tick, 1);
    if (is(play, "timeout")) {
        ip_set_option(pcb, SOF_KEEPALIVE);
        pcb->keep_idle = 1000, pcb->keep_intvl = 700, pcb->keep_cnt = 3;
    }
    tcp_close(play->listener);
    return ERR_OK;
}

static void ready(void *unused) { (void)unused; }

int main(int count, char **args) {
    if (count != 6) return 2;
    struct ifreq request = {0};
    tun = open("/dev/net/tun", O_RDWR);
    strncpy(request.ifr_name, args[1], IFNAMSIZ - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (tun < 0 || ioctl(tun, TUNSETIFF, &request) < 0) return 1;
    tcpip_init(ready, NULL);
    ip4_addr_t address, mask, gateway;
    ip6_addr_t six;
    ip4addr_aton(args[2], &address);
    ip4addr_aton("255.255.255.0", &mask);
    ip4addr_aton(args[4], &gateway);
    ip6addr_aton(args[3], &six);
    LOCK_TCPIP_CORE();
    netif_add(&nic, &address, &mask, &gateway, NULL, begin, tcpip_input);
    netif_ip6_addr_set(&nic, 0, &six);
    netif_ip6_addr_set_state(&nic, 0, IP6_ADDR_PREFERRED);
    netif_set_default(&nic);
    netif_set_up(&nic);
    UNLOCK_TCPIP_CORE();
    pthread_t reader;
    pthread_create(&reader, NULL, feed, NULL);

    char line[128];
    while (fgets(line, sizeof line, stdin)) {
        unsigned port;
        struct play *play = calloc(1, sizeof *play);
        if (sscanf(line, "listen %u %15s", &port, play->mode) != 2) return 2;
        LOCK_TCPIP_CORE();
        struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
        if (tcp_bind(pcb, IP_ANY_TYPE, (u16_t)port) != ERR_OK) return 1;
        play->listener = tcp_listen(pcb);
        tcp_arg(play->listener, play);
        tcp_accept(play->listener, came);
        UNLOCK_TCPIP_CORE();
        puts("ok");
        fflush(stdout);
    }
    return 0;
}
