import { isObject, type JsonObject } from "../../core/event/json.ts";
import { once } from "../../core/once.ts";
import { waitUnlessAborted } from "../budget.ts";
import { type HttpAnswer, type HttpRequestOptions, sendRequest } from "../http-request.ts";
import { endpointOf, type ServiceEndpoint } from "./service-endpoint.ts";
import type { StorageAccess } from "./storage-access.ts";
import { StorageError } from "./storage-error.ts";
import { faultOf, type Transaction, transactionOf, type Write } from "./table-transaction.ts";

/** The two keys that make an entity of a table unique. Both must be safe in a URL: letters, digits, `-` and `_`. */
export interface EntityKey {
  readonly partition: string;
  readonly row: string;
}

/** Maximum entities of one transaction ("Performing entity group transactions" in Microsoft Learn). */
export const mostInTransaction = 100;

/** A row, and its age. */
export interface AgedRow {
  readonly row: string;
  /** Milliseconds since it was written. */
  readonly age: number;
  readonly properties: JsonObject;
}

/** A part of a partition. */
export interface RowRange {
  readonly partition: string;
  readonly from: string;
  readonly to: string;
  /** Maximum number of rows to read. */
  readonly most: number;
}

/** Where a page of a table begins, as the service reported at the end of the previous page. */
export type Position = Readonly<Record<string, string>>;

/** The properties of an entity. */
export type Properties = Readonly<Record<string, number | string>>;

/** An entity to write. */
export interface Entity {
  readonly key: EntityKey;
  readonly properties: Properties;
}

/** An entity that was read. */
export interface StoredEntity extends Entity {
  /** When it was written. */
  readonly writtenAt: Date;
}

/** Partitions by their names. */
export interface PartitionRange {
  readonly from: string;
  /** The first partition that is not included. */
  readonly before: string;
}

/** The last version of the REST interface that changed anything for tables; Entra ID tokens need it. */
const apiVersion = "2020-12-06";

/** Makes one request to the Table service, and throws as `sendRequest` does. */
export type SendTableRequest = (
  url: URL,
  request: HttpRequestOptions & { readonly limit: AbortSignal },
) => Promise<HttpAnswer>;

/** The Table service answered with an unexpected status. */
export class TableError extends StorageError {
  constructor(status: number, code: string) {
    super("Table", { status, code });
  }
}

/**
 * The Table service of the relay's storage account, through its REST interface ("Table service REST API" in Microsoft
 * Learn): the few calls that the relay needs don't require a library, and so add nothing to a cold start.
 *
 * Every method throws a TableError, what `sendRequest` throws, or an error that names the setting to fix.
 */
export class Tables {
  readonly #endpoint: () => Promise<ServiceEndpoint>;
  readonly #send: SendTableRequest;

  /** @param send makes a request; default: as the relay does, without the proxy that a machine of people may need */
  constructor(access: () => Promise<StorageAccess>, send: SendTableRequest = sendRequest) {
    this.#endpoint = once(async () => endpointOf(await access(), "table"));
    this.#send = send;
  }

  /** @returns false if the table already exists */
  async create(table: string, signal: AbortSignal): Promise<boolean> {
    const request = { signal, accept: [201, 204, 409], body: { TableName: table } };
    return (await this.#call("POST", "Tables", request)).status !== 409;
  }

  async delete(table: string, signal: AbortSignal): Promise<void> {
    await this.#call("DELETE", `Tables('${table}')`, { signal, accept: [204, 404] });
  }

  /** The names of the account's tables, up to the first thousand. */
  async list(signal: AbortSignal): Promise<string[]> {
    const { rows } = await this.#call("GET", "Tables", { signal, accept: [200] });
    return rows.map(({ TableName: name }) => String(name));
  }

  /** Writes an entity, and replaces an existing one. */
  async put(table: string, key: EntityKey, signal: AbortSignal, properties: Properties = {}): Promise<void> {
    await this.#call("PUT", entityPath(table, key), { signal, accept: [204], body: addTypes(properties) });
  }

  /** All entities of a table with their keys and `Timestamp`, page by page; none if the table does not exist. */
  async all(table: string, signal: AbortSignal): Promise<JsonObject[]> {
    const found: JsonObject[] = [];
    for (let from: Position | undefined = {}; from !== undefined; ) {
      const { rows, next } = await this.#call("GET", `${table}()`, { signal, accept: [200, 404], query: from });
      found.push(...rows);
      from = next;
    }
    return found;
  }

  /**
   * Up to a thousand entities in a range of partitions, in order; none if the table does not exist.
   *
   * @param position where the previous page ended
   * @returns `next` is undefined at the end
   */
  async entities(
    table: string,
    { from, before, position = {} }: PartitionRange & { readonly position?: Position | undefined },
    signal: AbortSignal,
  ): Promise<{ readonly entities: StoredEntity[]; readonly next: Position | undefined }> {
    const query = { $filter: `PartitionKey ge '${from}' and PartitionKey lt '${before}'`, ...position };
    const { rows, next } = await this.#call("GET", `${table}()`, { signal, accept: [200, 404], query });
    return { entities: rows.map(entityOf), next };
  }

  /** Writes entities of one partition, at most `mostInTransaction`, in one transaction: all of them or none. */
  async putAll(table: string, entities: readonly Entity[], signal: AbortSignal): Promise<void> {
    await this.#transact(entities, { table, signal });
  }

  /** Up to a thousand entities in partitions whose names come before a given one, in order; see `keys`. */
  async rowsBefore(
    table: string,
    { partition, from = {} }: { readonly partition: string; readonly from?: Position | undefined },
    signal: AbortSignal,
  ): Promise<{ readonly rows: JsonObject[]; readonly next: Position | undefined }> {
    const query = { $filter: `PartitionKey lt '${partition}'`, ...from };
    const { rows, next } = await this.#call("GET", `${table}()`, { signal, accept: [200, 404], query });
    return { rows, next };
  }

  /**
   * Replaces entities of a partition, at most `mostInTransaction` minus one, with one entity, in one transaction: all
   * of it or nothing.
   *
   * @throws TableError also if one of the entities no longer exists
   */
  async replace(
    table: string,
    {
      key,
      properties,
      others,
    }: { readonly key: EntityKey; readonly properties: Properties; readonly others: readonly EntityKey[] },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#transact([...others.map((other) => ({ key: other })), { key, properties }], { table, signal });
  }

  /** @param entities each to write, or to delete if it has no properties */
  async #transact(
    entities: readonly { readonly key: EntityKey; readonly properties?: Properties }[],
    { table, signal }: { readonly table: string; readonly signal: AbortSignal },
  ): Promise<void> {
    const { address } = await this.#endpoint();
    const writes = entities.map(({ key, properties }): Write => {
      const url = `${address}/${entityPath(table, key)}`;
      if (properties === undefined) return { method: "DELETE", url };
      return { method: "PUT", url, entity: { PartitionKey: key.partition, RowKey: key.row, ...addTypes(properties) } };
    });
    const { text } = await this.#call("POST", "$batch", { signal, accept: [202], transaction: transactionOf(writes) });
    const fault = faultOf(text);
    if (fault !== undefined) throw new TableError(fault, "");
  }

  /** @returns false also if the table does not exist */
  async has(table: string, key: EntityKey, signal: AbortSignal): Promise<boolean> {
    return (await this.#call("GET", entityPath(table, key), { signal, accept: [200, 404] })).status === 200;
  }

  /**
   * The row keys of a partition from one to another, both included, in order, up to `most` (a thousand at most).
   *
   * @returns `isAll`: whether there are no more; no rows if the table does not exist
   */
  async rowKeys(
    table: string,
    { partition, from, to, most }: RowRange,
    signal: AbortSignal,
  ): Promise<{ readonly rows: string[]; readonly isAll: boolean }> {
    const range = `PartitionKey eq '${partition}' and RowKey ge '${from}' and RowKey le '${to}'`;
    const query = { $filter: range, $select: "RowKey", $top: String(most) };
    const { rows, next } = await this.#call("GET", `${table}()`, { signal, accept: [200, 404], query });
    return { rows: rows.map(({ RowKey: row }) => String(row)), isAll: next === undefined };
  }

  /**
   * Whether there is an entity whose row key begins with the prefix. @returns false also if the table does not exist
   */
  async hasAny(
    table: string,
    { partition, rowPrefix }: { readonly partition: string; readonly rowPrefix: string },
    signal: AbortSignal,
  ): Promise<boolean> {
    // `~` sorts after all characters of keys.
    const range = `PartitionKey eq '${partition}' and RowKey ge '${rowPrefix}' and RowKey lt '${rowPrefix}~'`;
    for (let from: Position | undefined = {}; from !== undefined; ) {
      const query = { $filter: range, $top: "1", ...from };
      const { rows, next } = await this.#call("GET", `${table}()`, { signal, accept: [200, 404], query });
      if (rows.length > 0) return true;
      from = next;
    }
    return false;
  }

  async remove(table: string, key: EntityKey, signal: AbortSignal): Promise<void> {
    await this.#call("DELETE", entityPath(table, key), { signal, accept: [204, 404] });
  }

  /**
   * The rows of a partition with the milliseconds since each was written, by the service's own clock; up to the first
   * thousand, and none if the table does not exist.
   */
  async ages(table: string, partition: string, signal: AbortSignal): Promise<AgedRow[]> {
    const filter = `PartitionKey eq '${partition}'`;
    const query = { $filter: filter };
    const { rows, date } = await this.#call("GET", `${table}()`, { signal, accept: [200, 404], query });
    return rows.map(({ RowKey: row, Timestamp: written, ...properties }) => ({
      row: String(row),
      age: date - Date.parse(String(written)),
      properties,
    }));
  }

  /** The signal ends a call at any point, even while a token is fetched. */
  #call(method: HttpRequestOptions["method"], path: string, request: TableRequest): Promise<TableAnswer> {
    return waitUnlessAborted(request.signal, this.#ask(method, path, request));
  }

  async #ask(method: HttpRequestOptions["method"], path: string, request: TableRequest): Promise<TableAnswer> {
    const { signal, accept, body, transaction, query = {} } = request;
    const { address, authorize } = await this.#endpoint();
    const url = new URL(`${address}/${path}`);
    const date = new Date().toUTCString();
    const authorization = await authorize({ method, url, headers: { "x-ms-date": date } });
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const { status, headers, text } = await this.#send(url, {
      method,
      headers: {
        authorization,
        "x-ms-date": date,
        "x-ms-version": apiVersion,
        dataserviceversion: "3.0",
        accept: "application/json;odata=nometadata",
        ...(body && { "content-type": "application/json", prefer: "return-no-content" }),
        ...(transaction && { "content-type": transaction.contentType }),
        ...(method === "DELETE" && path.includes("RowKey") && { "if-match": "*" }),
      },
      body: transaction?.body ?? (body && JSON.stringify(body)),
      limit: signal,
    });
    if (!accept.includes(status)) throw new TableError(status, headers["x-ms-error-code"]?.toString() ?? "");
    const answer: unknown = status === 200 ? JSON.parse(text) : undefined;
    const rows = isObject(answer) && Array.isArray(answer.value) ? answer.value.filter(isObject) : [];
    const next: Record<string, string> = {};
    for (const name of ["NextPartitionKey", "NextRowKey"]) {
      const value = headers[`x-ms-continuation-${name.toLowerCase()}`];
      if (typeof value === "string" && value !== "") next[name] = value;
    }
    return {
      status,
      text,
      rows,
      date: Date.parse(headers.date ?? date),
      next: Object.keys(next).length > 0 ? next : undefined,
    };
  }
}

/** Does something that needs the table, and first creates the table if it does not exist. */
export async function createTableFor(
  tables: Pick<Tables, "create">,
  table: string,
  signal: AbortSignal,
  use: () => Promise<void>,
): Promise<void> {
  try {
    await use();
  } catch (error) {
    if (!(error instanceof TableError && error.status === 404)) throw error;
    await tables.create(table, signal);
    await use();
  }
}

/**
 * The service assumes 32 bits for a whole number unless the type is given ("Payload format for Table service
 * operations").
 */
function addTypes(properties: Properties): Record<string, number | string> {
  const large = Object.entries(properties).filter(
    ([, value]) => typeof value === "number" && Math.abs(value) >= 2 ** 31,
  );
  return { ...properties, ...Object.fromEntries(large.map(([name]) => [`${name}@odata.type`, "Edm.Double"])) };
}

function entityOf({ PartitionKey, RowKey, Timestamp, ...others }: JsonObject): StoredEntity {
  const properties: Record<string, number | string> = {};
  for (const [name, value] of Object.entries(others)) {
    if (typeof value === "number" || typeof value === "string") properties[name] = value;
  }
  const key = { partition: String(PartitionKey), row: String(RowKey) };
  return { key, properties, writtenAt: new Date(String(Timestamp)) };
}

function entityPath(table: string, { partition, row }: EntityKey): string {
  return `${table}(PartitionKey='${partition}',RowKey='${row}')`;
}

interface TableRequest {
  readonly signal: AbortSignal;
  /** Statuses that are not errors. */
  readonly accept: readonly number[];
  readonly body?: object;
  /** Instead of `body`. */
  readonly transaction?: Transaction;
  readonly query?: Readonly<Record<string, string>>;
}

interface TableAnswer {
  readonly status: number;
  readonly text: string;
  readonly rows: JsonObject[];
  /** The service's clock, in milliseconds since 1970. */
  readonly date: number;
  /** Where the next page begins; undefined on the last one. */
  readonly next: Position | undefined;
}
