"""Services by their ports: names of our own, so that output is the same on every machine.

The name is what people call the service, which mostly is what IANA's registry has; ports that only
a few know are left out. Whether a connection speaks that protocol is another question:
the name says what the port is for.
"""

from __future__ import annotations

_NAMES = """
7 echo  9 discard  13 daytime  19 chargen  20 ftp-data  21 ftp  22 ssh  23 telnet  25 smtp
37 time  43 whois  49 tacacs  53 dns  70 gopher  79 finger  80 http  88 kerberos  102 iso-tsap
104 dicom  110 pop3  111 sunrpc  113 ident  119 nntp  135 msrpc  137 netbios-ns
138 netbios-dgm  139 netbios-ssn  143 imap  161 snmp  162 snmptrap  179 bgp  194 irc
389 ldap  443 https  445 smb  464 kpasswd  465 submissions  502 modbus
512 exec  513 login  514 shell  515 printer  548 afp  554 rtsp
563 nntps  587 submission  631 ipp  636 ldaps  646 ldp  860 iscsi-system  873 rsync
853 dns-over-tls  989 ftps-data  990 ftps  992 telnets  993 imaps  995 pop3s  1080 socks
1194 openvpn  1352 lotus-notes  1433 mssql  1434 mssql-monitor  1521 oracle  1723 pptp  1883 mqtt
1935 rtmp  2049 nfs  2181 zookeeper  2375 docker  2376 docker-tls  2379 etcd
2380 etcd-peer  2404 iec-104  2628 dict  3128 squid  3260 iscsi  3268 global-catalog
3269 global-catalog-tls  3306 mysql  3389 rdp  3478 stun  3690 svn
4840 opc-ua  5060 sip  5061 sips  5222 xmpp-client  5223 xmpp-client-s  5269 xmpp-server
5432 postgresql  5601 kibana  5671 amqps  5672 amqp  5900 vnc  5985 winrm  5986 winrm-tls
6000 x11  6379 redis  6443 kubernetes  6514 syslog-tls  6667 irc  6697 ircs-u
8000 http-alt  8008 http-alt  8080 http-alt  8086 influxdb  8140 puppet
8333 bitcoin  8443 https-alt  8883 mqtts  8888 http-alt  9042 cassandra
9090 websm  9092 kafka  9100 jetdirect  9200 elasticsearch  9300 elasticsearch
9418 git  9443 https-alt  10250 kubelet  11211 memcache  15672 rabbitmq
20000 dnp  25565 minecraft  27017 mongodb  44818 ethernet-ip  50000 db2  64738 mumble
"""

_WORDS = _NAMES.split()
_BY_PORT = dict(zip(map(int, _WORDS[::2]), _WORDS[1::2], strict=True))


def service(port: int) -> str:
    """Name the service that a port is for; nothing for a port that is not on the list.

    >>> service(443), service(5432), service(4001)
    ('https', 'postgresql', '')
    """
    return _BY_PORT.get(port, "")


def port_name(port: int) -> str:
    """Write a port with its service.

    >>> port_name(443), port_name(4001)
    ('443 (https)', '4001')
    """
    name = service(port)
    return f"{port} ({name})" if name else str(port)
