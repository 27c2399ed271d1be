/** Broadcast and multicast on a network of its own, made for the test: what loopback cannot show. */

import { assertMatch } from "@std/assert";
import { putSockdock } from "../program_on_path.ts";
import { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** A network in a namespace: an interface with the address 10.9.0.1/24, whose number is 3. */
const NETWORK = `set -e
ip link set lo up
ip link add net0 type veth peer name net1
ip link set net1 up
ip addr add 10.9.0.1/24 brd + dev net0
ip link set net0 up multicast on
# Its IPv6 address can be used once nobody else has claimed it.
until ip -6 addr show dev net0 scope link | grep inet6 | grep -qv tentative; do sleep 0.1; done
# Serves with these arguments and waits until it listens; its output is in the file log.
serve() { "$SOCKDOCK" serve "$@" --json > log & SERVER=$!
  until grep -q listening log; do kill -0 $SERVER; sleep 0.05; done; }
stop() { kill -INT $SERVER; wait $SERVER || true; }
`;

/** Why there can be no such network here, or null. */
function obstacle(): string | null {
  try {
    const { code } = new Deno.Command("unshare", {
      args: ["-rn", "sh", "-c", "ip link add net0 type veth peer name net1"],
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return code === 0 ? null : "it needs to be allowed to make network namespaces";
  } catch {
    return "it needs unshare (apt-get install util-linux iproute2)";
  }
}

const missing = obstacle();

/** Registers a test that runs a shell script on the network and looks at what it prints. */
function networkTest(name: string, script: string, expected: readonly RegExp[]): void {
  if (missing !== null) console.log(`skipped: ${name}: ${missing}`);
  Deno.test({
    name,
    ignore: missing !== null,
    async fn() {
      await using folder = await temporaryFolder();
      const program = await putSockdock(folder.path);
      const peers = `${import.meta.dirname}/../peers`;
      await using shell = new RunningProcess("unshare", ["-rn", "sh", "-c", NETWORK + script], {
        cwd: folder.path,
        env: { SOCKDOCK: program, PEERS: peers, NO_COLOR: "1" },
      });
      const { stdout, stderr } = await shell.ended();
      for (const pattern of expected) assertMatch(stdout, pattern, stderr);
    },
  });
}

networkTest(
  "send --broadcast hears who answers at the address of a network",
  `serve acknowledge udp://0.0.0.0:9998 --allow 10.9.0.0/24
"$SOCKDOCK" send udp://10.9.0.255:9998 --broadcast --timeout 3s ahoy
stop`,
  [/^10\.9\.0\.1:9998 Message received: ahoy\. Thank you\.$/m],
);

networkTest(
  "send reaches programs on this machine in a group, unless --no-multicast-loopback keeps it off",
  `serve print udp://239.255.1.2:9998 --interface 10.9.0.1
for flag in --no-multicast-loopback --multicast-loopback; do
"$SOCKDOCK" send udp://239.255.1.2:9998 --interface 10.9.0.1 --timeout 0 $flag -- $flag; done
until grep -q '"--multicast-loopback"' log; do sleep 0.05; done
stop; grep -c '"event":"message"' log`,
  [/^1$/m],
);

networkTest(
  "serve joins an IPv6 group by the number of its interface",
  `serve print 'udp://[ff12::4d42]:9998' --interface 3
python3 -B "$PEERS/group_sender.py" ff12::4d42 9998 ahoy --interface 3
until grep -q '"event":"message"' log; do sleep 0.05; done
stop; cat log`,
  [/"event":"message",.*"peer":"\[fe80::[0-9a-f:]+\]:\d+","text":"ahoy"/],
);
