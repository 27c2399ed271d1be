/* Transfers of bytes over ENet, whose packets have 1,200 bytes at most:
 *
 *   enet_transfer serve            says where it listens, and answers a message of one byte with another
 *   enet_transfer send PORT BYTES  sends as many in reliable messages of 16 KiB, then one of a byte, and
 *                                  prints the seconds until the answer, without the handshake
 */

#include <enet/enet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MTU = 1200, MESSAGE_BYTES = 16384, PEERS = 64 };

/* ENet looks at its own timers only when it is called. */
enum { SERVICE_MS = 1 };

static const double PATIENCE_SECONDS = 100;

static void fail(const char *what) {
  fprintf(stderr, "enet_transfer: %s\n", what);
  exit(1);
}

static ENetHost *open_host(int listens) {
  ENetAddress address;
  ENetHost *host;
  enet_address_set_host(&address, "127.0.0.1");
  address.port = 0;
  host = enet_host_create(listens ? &address : NULL, PEERS, 1, 0, 0);
  if (host == NULL) fail("cannot open a host");
  host->mtu = MTU;
  return host;
}

static void say_end(ENetPeer *peer) {
  enet_peer_send(peer, 0, enet_packet_create("", 1, ENET_PACKET_FLAG_RELIABLE));
}

static void serve(void) {
  ENetHost *host = open_host(1);
  ENetEvent event;
  ENetAddress address;
  if (enet_socket_get_address(host->socket, &address) != 0) fail("has no address");
  printf("enet://127.0.0.1:%d\n", address.port);
  fflush(stdout);
  for (;;) {
    if (enet_host_service(host, &event, SERVICE_MS) < 0) fail("cannot receive");
    if (event.type != ENET_EVENT_TYPE_RECEIVE) continue;
    if (event.packet->dataLength == 1) say_end(event.peer);
    enet_packet_destroy(event.packet);
  }
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static int transfer(int port, long bytes) {
  static const char message[MESSAGE_BYTES];
  ENetHost *host = open_host(0);
  ENetAddress address;
  ENetPeer *peer;
  ENetEvent event;
  double begin = seconds(), start = begin;
  enet_address_set_host(&address, "127.0.0.1");
  address.port = port;
  peer = enet_host_connect(host, &address, 1, 0);
  if (peer == NULL) fail("cannot connect");
  while (seconds() - begin < PATIENCE_SECONDS) {
    if (enet_host_service(host, &event, SERVICE_MS) < 0) fail("cannot receive");
    if (event.type == ENET_EVENT_TYPE_CONNECT) {
      start = seconds();
      while (bytes > 0) {
        size_t length = bytes < MESSAGE_BYTES ? bytes : MESSAGE_BYTES;
        enet_peer_send(peer, 0, enet_packet_create(message, length, ENET_PACKET_FLAG_RELIABLE));
        bytes -= length;
      }
      say_end(peer);
    } else if (event.type == ENET_EVENT_TYPE_RECEIVE) {
      printf("%f\n", seconds() - start);
      return 0;
    } else if (event.type == ENET_EVENT_TYPE_DISCONNECT) {
      fail("the peer is gone");
    }
  }
  fail("no answer");
  return 1;
}

int main(int count, char **words) {
  if (enet_initialize() != 0) fail("cannot begin");
  if (count == 2 && strcmp(words[1], "serve") == 0) serve();
  if (count == 4 && strcmp(words[1], "send") == 0) return transfer(atoi(words[2]), atol(words[3]));
  fail("say serve, or send PORT BYTES");
  return 2;
}
