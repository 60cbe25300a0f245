// What can go wrong with a request, as one type that pages and forms read.

/** One field at fault, by its path in the request's body: `stop.after_seconds`. */
export interface FieldError {
  field: string;
  code: string;
  message: string;
}

/** The body of `application/problem+json`. */
interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  errors?: FieldError[];
  figures?: Record<string, unknown> | null;
}

/**
 * An answer other than 2xx, or none at all.
 * `code` is the server's word (`session_not_running`), or one of ours: `offline` where no answer came, `unreadable` where
 * it was not what the contract promises.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly code: string,
    message: string,
    /** The HTTP status; 0 where no answer came. */
    readonly status: number,
    readonly title: string = message,
    readonly fields: readonly FieldError[] = [],
    readonly figures: Readonly<Record<string, unknown>> = {},
    /** Seconds after which trying again makes sense, where the server said so. */
    readonly retryAfter: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get isOffline(): boolean {
    return this.status === 0;
  }

  /** Of a field, or of anything below it: `stop` finds `stop.after_seconds`. */
  field(path: string): FieldError | undefined {
    return this.fields.find((error) => error.field === path || error.field.startsWith(`${path}.`));
  }

  static offline(cause: unknown): ApiError {
    return new ApiError('offline', 'The server cannot be reached. Is it running?', 0, 'No connection', [], {}, null, { cause });
  }

  static async from(response: Response): Promise<ApiError> {
    const retryAfter = Number(response.headers.get('retry-after')) || null;
    let problem: Problem = {};
    try {
      problem = (await response.json()) as Problem;
    } catch {
      // A proxy's page, or nothing: the status has to do.
    }
    const title = problem.title ?? `The server answered ${response.status}`;
    return new ApiError(
      problem.code ?? 'unreadable',
      problem.detail ?? title,
      response.status,
      title,
      problem.errors ?? [],
      problem.figures ?? {},
      retryAfter,
    );
  }
}

/** Whatever was thrown, as an ApiError: a bug of the console is shown like a bug of the server. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ApiError('internal', message, 0, 'Something broke in the console', [], {}, null, { cause: error });
}
