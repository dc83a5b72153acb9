/** What a worker is sent: first its start, then programs. */
export type Message =
  | {
      readonly memory: WebAssembly.Memory;
      /** Exports `take` and `done`. */
      readonly tickets: WebAssembly.Module;
      readonly index: number;
      readonly words: Readonly<
        Record<"sequence" | "program" | "job" | "frame" | "posted" | "broken" | "received", number>
      >;
    }
  | { readonly program: WebAssembly.Module; readonly number: number };

type Tile = (frame: number, tile: number, thread: number) => void;

/**
 * The whole of a worker. Its text is what the thread is made of, so nothing outside of it is used. It sleeps until the sequence moves; then it
 * takes tiles until there are none, or goes back to its event loop for a message.
 */
export function workerMain(): void {
  interface Port {
    on(event: "message", handler: (message: Message) => void): void;
  }
  const host = (globalThis as { process?: { getBuiltinModule?(name: string): unknown } }).process;
  const node = host?.getBuiltinModule?.("node:worker_threads") as { parentPort: Port } | undefined;
  const programs: Tile[][] = [];
  let memory: WebAssembly.Memory;
  let at: Record<string, number>;
  let control: Int32Array;
  let tickets: { take(): number; done(): void };
  let received = 0;
  let index = 0;

  const receive = (message: Message): void => {
    received++;
    if ("memory" in message) {
      ({ memory, index } = message);
      control = new Int32Array(memory.buffer, 0, 256);
      at = Object.fromEntries(Object.entries(message.words).map(([name, address]) => [name, address / 4]));
      tickets = new WebAssembly.Instance(message.tickets, { env: { memory } }).exports as never;
    } else {
      const { exports } = new WebAssembly.Instance(message.program, { env: { memory } });
      const tiles: Tile[] = [];
      for (let job = 0; `tile${job}` in exports; job++) tiles.push(exports[`tile${job}`] as Tile);
      programs[message.number] = tiles;
    }
    Atomics.store(control, at["received"]! + index, received);
    if (received === Atomics.load(control, at["posted"]!)) serve();
  };

  const serve = (): void => {
    for (;;) {
      const seen = Atomics.load(control, at["sequence"]!);
      work();
      if (Atomics.load(control, at["posted"]!) !== received) return;
      // Forks come in quick succession: look for the next for about 20 µs.
      for (let spins = 1000; spins > 0 && Atomics.load(control, at["sequence"]!) === seen; spins--);
      Atomics.wait(control, at["sequence"]!, seen);
    }
  };

  const work = (): void => {
    for (;;) {
      const tile = tickets.take();
      if (tile < 0) return;
      try {
        programs[control[at["program"]!]!]![control[at["job"]!]!]!(control[at["frame"]!]!, tile, index + 1);
      } catch {
        Atomics.store(control, at["broken"]!, 1);
      }
      tickets.done();
    }
  };

  if (node) node.parentPort.on("message", receive);
  else globalThis.onmessage = (event: MessageEvent<Message>) => receive(event.data);
}
