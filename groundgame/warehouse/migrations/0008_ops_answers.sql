-- What an experiment compares may be answers: those of before compare votes, and what was called voted is the outcome of either kind.
alter table if exists ops.experiments add column if not exists outcome_kind varchar default 'votes';
alter table if exists ops.experiments add column if not exists answers_from_date date;
alter table if exists ops.experiments add column if not exists answers_until_date date;

alter table if exists ops.experiment_effects rename column voted_share to outcome_share;
alter table if exists ops.experiment_effects rename column control_voted_share to control_outcome_share;
alter table if exists ops.experiment_effects add column if not exists answered_count bigint;
alter table if exists ops.experiment_effects add column if not exists control_answered_count bigint;
alter table if exists ops.experiment_effects add column if not exists answered_share double;
alter table if exists ops.experiment_effects add column if not exists control_answered_share double;
alter table if exists ops.experiment_effects add column if not exists has_uneven_answers boolean;
