// What every command that serves does around its servers: signals, the transcript, the service manager,
// the control and the metrics begin before them and end after them. What few servers need is loaded by
// those alone, since a server should start at once.

import { permittedVariable } from "../../core/environment.ts";
import type { Emit, ServerEvent } from "../../core/event.ts";
import type { Dock, ServeHooks } from "../../dock/serve.ts";
import type { Invocation } from "../command.ts";
import type { runningOptions } from "../line/serve_options.ts";
import { serverEventSink } from "../terminal/events.ts";
import type { LogFormat } from "../terminal/request_log.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { StopSignals } from "../terminal/stop_signals.ts";
import { openTranscript } from "../terminal/transcript_file.ts";
import type { CommandControl } from "./control.ts";
import type { Observation } from "./observation.ts";
import { ReloadSignal } from "./reload_signal.ts";
import type { ServiceManager } from "./service_manager.ts";
import { untilStopped } from "./until_stopped.ts";

/** The servers of a command. */
interface ServersToRun {
  /** How requests are logged, and whether they are. */
  readonly requests: { readonly shown: boolean; readonly format: LogFormat };
  /** Where the control is when nobody says anything of it. Default: nowhere. */
  readonly usualControl?: string;
  /** Whether people see an event. Default: they see all.
   * @param isRunning whether all servers listen */
  isShown?(event: ServerEvent, isRunning: boolean): boolean;
  start(hooks: ServeHooks): Promise<StartedServers>;
  /** Says what listens where. */
  show(docks: readonly Dock[], control: CommandControl | undefined): Promise<void> | void;
}

interface StartedServers extends AsyncDisposable {
  readonly docks: readonly Dock[];
}

/** Starts servers and serves until they have stopped, by themselves or by a signal.
 * @returns the exit code */
export async function runServers(
  invocation: Pick<Invocation<typeof runningOptions>, "options" | "given" | "io">,
  { requests, usualControl, isShown, start, show }: ServersToRun,
): Promise<number> {
  const { options, io } = invocation;
  using record = await openTranscript(options.record, (line) => io.warn(line));
  using signals = new StopSignals();
  if (options.untilEof) {
    const { stopAtEof } = await import("./until_eof.ts");
    void stopAtEof(io, signals.stop);
  }
  const manager = await serviceManager(io);
  using hangUp = new ReloadSignal(manager);
  const emit = serverEventSink(io, record, signals.finish, requests);
  let isRunning = false;
  const shown: Emit = isShown === undefined ? emit : (event) => {
    if (isShown(event, isRunning)) emit(event);
  };
  const observed = await askedObservation(invocation, shown);
  // Declared first, so that it ends last: a scrape sees the servers stop.
  await using watching = new AsyncDisposableStack();
  const control = watching.use(await askedControl(invocation, io, usualControl));
  await using started = await start({
    ...observed?.hooks ?? { emit: shown },
    watch: io.verbose || record !== undefined,
    changeable: control?.isOpen ?? false,
  });
  const { docks } = started;
  isRunning = true;
  control?.add(docks);
  watching.use(await observed?.begin(docks, emit, control?.docks));
  hangUp.concerns(docks, signals.finish);
  await show(docks, control);
  await manager?.ready(docks.flatMap(({ urls }) => urls));
  return await untilStopped(docks, signals, manager);
}

/** Who is told how the servers fare; null where nobody is. */
async function serviceManager(io: Stdio): Promise<ServiceManager | null> {
  if (!permittedVariable("NOTIFY_SOCKET")) return null;
  const { ServiceManager } = await import("./service_manager.ts");
  return ServiceManager.find((line) => io.warn(line));
}

type Asked = Pick<Invocation, "options" | "given">;

/** The observation, where an option or the environment asks for one. */
async function askedObservation(invocation: Asked, emit: Emit): Promise<Observation | undefined> {
  if (!isGiven(invocation, "metrics") && !permittedVariable("OTEL_DENO")) return undefined;
  const { observation } = await import("./observation.ts");
  return await observation(invocation, emit);
}

/** The control, where an option or the command asks for one. */
async function askedControl(
  invocation: Asked,
  io: Stdio,
  usual: string | undefined,
): Promise<CommandControl | undefined> {
  if (usual === undefined && !isGiven(invocation, "control")) return undefined;
  const { commandControl } = await import("./control.ts");
  return await commandControl(invocation, { io, ...(usual !== undefined && { usual }) });
}

/** Whether an option is given whose name begins with this word. */
function isGiven({ given }: Asked, word: string): boolean {
  return [...given].some((key) => key.startsWith(word));
}
