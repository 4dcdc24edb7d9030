/** A message of PostgreSQL's protocol. */
export interface Message {
  /** Its letter; the first message of a session has none. */
  readonly type: string;
  readonly body: Buffer;
}

/** The messages of a client, as they arrive. */
export async function* readMessages(socket: AsyncIterable<Buffer>): AsyncGenerator<Message, void> {
  let rest: Buffer = Buffer.alloc(0);
  let letters = 0;
  for await (const chunk of socket) {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.length < letters + 4) break;
      const end = letters + rest.readInt32BE(letters);
      if (rest.length < end) break;
      yield { type: rest.toString("latin1", 0, letters), body: rest.subarray(letters + 4, end) };
      rest = rest.subarray(end);
      letters = 1;
    }
  }
}

export function writeMessage(type: string, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(type.length + 4);
  head.write(type, "latin1");
  head.writeInt32BE(body.length + 4, type.length);
  return Buffer.concat([head, body]);
}

/** A number of 32 bits. */
export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Texts, each with a zero at its end. */
export function texts(...values: readonly string[]): Buffer {
  return Buffer.from(values.map((value) => `${value}\0`).join(""));
}

/** The names and values of the first message: user, database and others. */
export function startParameters(body: Buffer): ReadonlyMap<string, string> {
  const parts = body.toString("utf8", 4).split("\0");
  return new Map(parts.flatMap((name, index) => (index % 2 === 0 && name ? [[name, parts[index + 1] ?? ""]] : [])));
}

/** What Query Service refuses, with its code (“PostgreSQL API errors” in its troubleshooting guide). */
export class QueryRefusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export function errorMessage({ code, message }: Pick<QueryRefusal, "code" | "message">, severity: string): Buffer {
  return writeMessage("E", texts(`S${severity}`, `V${severity}`, `C${code}`, `M${message}`, ""));
}

export const readyForQuery = writeMessage("Z", Buffer.from("I"));
