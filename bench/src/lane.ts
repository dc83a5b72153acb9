import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Absent, Answer, Failed, Prepared, Request, Timed } from "./protocol";

export interface LaneOptions {
  readonly label?: string;
  /** Module of the process. @defaultValue the one of this folder */
  readonly host?: string;
  /** Of the process. @defaultValue this one's */
  readonly environment?: NodeJS.ProcessEnv;
}

/** A contender in a process of its own, so that none slows another down by what it leaves behind. */
export class Lane {
  /** In the table. */
  readonly label: string;
  private readonly contender: string;
  private readonly child: ChildProcess;
  private complaints = "";

  constructor(contender: string, options: LaneOptions = {}) {
    const { label = contender, host = fileURLToPath(new URL("./host.ts", import.meta.url)), environment } = options;
    this.contender = contender;
    this.label = label;
    this.child = fork(host, [], {
      execArgv: ["--import", import.meta.resolve("tsx")],
      // Libraries greet on the standard output, which is for results.
      ...(environment ? { env: environment } : {}),
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      serialization: "advanced",
    });
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => (this.complaints += text));
  }

  prepare(name: string): Promise<Absent | Prepared | Failed> {
    return this.ask({ kind: "prepare", contender: this.contender, name }) as Promise<Absent | Prepared | Failed>;
  }

  round(milliseconds: number): Promise<Timed | Failed> {
    return this.ask({ kind: "round", milliseconds }) as Promise<Timed | Failed>;
  }

  close(): void {
    if (this.child.connected) this.child.disconnect();
  }

  private async ask(request: Request): Promise<Answer> {
    const dead = (): Failed => ({
      kind: "failed",
      message: `the process ended (${this.child.signalCode ?? this.child.exitCode ?? "?"}): ${this.complaints.trim().slice(-300)}`,
    });
    if (!this.child.connected) return dead();
    const stop = new AbortController();
    try {
      const reply = once(this.child, "message", stop).then(([message]) => message as Answer);
      const end = once(this.child, "exit", stop).then(dead);
      this.child.send(request);
      return await Promise.race([reply, end]);
    } finally {
      stop.abort();
    }
  }
}
