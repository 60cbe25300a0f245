// Shapes that the OpenAPI document does not have yet. Once it has one, take it from there and delete it here.

/** `GET /api/v1/sessions/{id}/readings` */
export interface Readings {
  memory: { at: string; bytes: number }[];
  completions: {
    id: string;
    at: string;
    first_token_ms: number | null;
    tokens_per_second: number | null;
    prompt_tokens: number;
    completion_tokens: number;
  }[];
}
