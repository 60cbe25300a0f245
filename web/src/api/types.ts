// Short names for the types of the OpenAPI document (schema.d.ts is generated from it).

import type { components } from './schema';

type Schemas = components['schemas'];

export type Session = Schemas['Session'];
export type SessionId = Schemas['SessionId'];
export type Status = Schemas['Status'];
export type Phase = Schemas['Phase'];
export type Reason = Schemas['Reason'];
export type Limit = Schemas['Limit'];
export type LimitKind = Schemas['LimitKind'];
export type StopPolicy = Schemas['StopPolicy'];
export type StopPolicyChange = Schemas['StopPolicyChange'];
export type EngineSettings = Schemas['EngineSettings'];
export type CreateSession = Schemas['CreateSession'];
export type SessionCheck = Schemas['SessionCheck'];
export type UpdateSession = Schemas['UpdateSession'];
export type DeletionReceipt = Schemas['DeletionReceipt'];
export type Timeline = Schemas['Timeline'];
export type TimelineEntry = Schemas['TimelineEntry'];
export type Endpoint = Schemas['Endpoint'];
export type Completion = Schemas['Completion'];
export type Model = Schemas['Model'];
export type UpdateModel = Schemas['UpdateModel'];
export type RenderedPrompt = Schemas['RenderedPrompt'];

export type DocsAnswer = Schemas['DocsAnswer'];

export type System = Schemas['System'];
export type LogIn = Schemas['LogIn'];
export type LoginWays = Schemas['LoginWays'];
export type Role = Schemas['Role'];
export type Me = Schemas['Me'];
export type User = Schemas['User'];
export type CreateUser = Schemas['CreateUser'];
export type UpdateUser = Schemas['UpdateUser'];
export type UserReceipt = Schemas['UserReceipt'];
export type LoginLink = Schemas['LoginLink'];
export type Scope = Schemas['Scope'];
export type Key = Schemas['Key'];
export type CreateKey = Schemas['CreateKey'];
export type CreatedKey = Schemas['CreatedKey'];
export type SessionToken = Schemas['SessionToken'];
export type CreatedSessionToken = Schemas['CreatedSessionToken'];
export type Quotas = Schemas['Quotas'];
export type QuotaFigure = Schemas['QuotaFigure'];
export type QuotaKind = Schemas['QuotaKind'];
export type SetQuotas = Schemas['SetQuotas'];
export type AuditAction = Schemas['AuditAction'];
export type AuditVia = Schemas['AuditVia'];
export type AuditEntry = Schemas['AuditEntry'];
export type AuditCheck = Schemas['AuditCheck'];
export type MachineSession = Schemas['MachineSession'];
export type StatusCounts = Schemas['SessionCounts'];
export type SessionPage = Schemas['SessionPage'];

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}
