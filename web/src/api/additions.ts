// Shapes that the OpenAPI document does not have yet. Once it has one, take it from there and delete it here.

import type { EngineSettings, Limit, Model } from './types';

export interface Quota {
  used: number;
  limit: number;
}

/** `GET /api/v1/system` */
export interface System {
  version: string;
  started_at: string;
  user: { id: string; name: string; role: string };
  memory: { total_bytes: number; free_bytes: number; reserved_bytes: number };
  quotas: { sessions: Quota; live: Quota };
  limits: {
    default_seconds: number;
    max_seconds: number;
    grace_seconds: number;
    queue_seconds: number;
    name_characters: number;
    description_characters: number;
    output_tokens: number;
    body_bytes: number;
  };
  /** The name that a session created now without one would get. */
  offered_name: string;
}

/** `POST /api/v1/sessions/check`: what creating would do; nothing is changed. */
export interface SessionCheck {
  name: string;
  model: Model;
  engine: Required<EngineSettings>;
  limits: Limit[];
  stops_after_seconds: number | null;
  stops_at: string | null;
  memory: { needed_bytes: number; free_bytes: number; total_bytes: number };
  starts: 'now' | 'queued';
  queue_position: number | null;
}

export interface Conversation {
  id: string;
  /** The first 80 characters of its first user message. */
  title: string;
  completions: number;
  created_at: string;
  updated_at: string;
}

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
