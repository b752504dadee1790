-- Users, as their issuers know them. The migrator made the schema.

-- Roles belong to the cluster: another database may be making this one at the same moment.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'colloquy_service') THEN
        CREATE ROLE colloquy_service NOLOGIN NOINHERIT;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

CREATE TABLE auth.user (
    user_id uuid NOT NULL CONSTRAINT user_pkey PRIMARY KEY,
    issuer text NOT NULL CONSTRAINT user_issuer_length CHECK (char_length(issuer) BETWEEN 1 AND 512),
    subject text NOT NULL CONSTRAINT user_subject_length CHECK (char_length(subject) BETWEEN 1 AND 255),
    email text CONSTRAINT user_email_length CHECK (char_length(email) <= 320),
    name text CONSTRAINT user_name_length CHECK (char_length(name) <= 256),
    image text CONSTRAINT user_image_length CHECK (char_length(image) <= 2048),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_issuer_subject_key UNIQUE (issuer, subject)
);

COMMENT ON COLUMN auth.user.user_id IS 'UUIDv7, made by the service';
COMMENT ON COLUMN auth.user.issuer IS 'the exact iss claim';
COMMENT ON COLUMN auth.user.subject IS 'the sub claim, unique within the issuer';
COMMENT ON COLUMN auth.user.updated_at IS 'when a profile claim last changed';

GRANT USAGE ON SCHEMA auth TO colloquy_service;
GRANT SELECT, INSERT, UPDATE (email, name, image, updated_at) ON auth.user TO colloquy_service;
