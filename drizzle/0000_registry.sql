CREATE TABLE "consumer_positions" (
	"topic" text NOT NULL,
	"partition" integer NOT NULL,
	"next_offset" bigint DEFAULT 0 NOT NULL,
	"ahead" bigint[] DEFAULT '{}'::bigint[] NOT NULL,
	"applied" bigint DEFAULT 0 NOT NULL,
	"unchanged" bigint DEFAULT 0 NOT NULL,
	"superseded" bigint DEFAULT 0 NOT NULL,
	"rejected" bigint DEFAULT 0 NOT NULL,
	"heartbeat" bigint DEFAULT 0 NOT NULL,
	"acknowledged" bigint DEFAULT 0 NOT NULL,
	"ignored" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "consumer_positions_topic_partition_pk" PRIMARY KEY("topic","partition")
);
--> statement-breakpoint
CREATE TABLE "introspection_requests" (
	"correlation_id" text PRIMARY KEY NOT NULL,
	"node_id" varchar(255),
	"by_operator" boolean NOT NULL,
	"operator" text,
	"issued_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "node_liveness" (
	"node_id" varchar(255) PRIMARY KEY NOT NULL,
	"last_seen_at" timestamp with time zone NOT NULL,
	"last_heartbeat_at" timestamp with time zone,
	"reported_health" varchar(20),
	"active_operations" double precision,
	"cpu_percent" double precision,
	"memory_mb" double precision,
	"uptime_seconds" double precision,
	"current_state" jsonb,
	"acknowledged_at" timestamp with time zone,
	"touched_by" "xid8" DEFAULT pg_current_xact_id() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "node_registrations" (
	"node_id" varchar(255) PRIMARY KEY NOT NULL,
	"node_type" varchar(100) NOT NULL,
	"node_name" varchar(255),
	"node_version" varchar(255),
	"node_role" varchar(255),
	"instance" varchar(255),
	"announced_service_name" varchar(255),
	"service_name" varchar(255) DEFAULT '' NOT NULL,
	"capabilities" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"capability_names" text[] DEFAULT '{}'::text[] NOT NULL,
	"endpoints" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"address" varchar(255),
	"port" integer,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"environment" varchar(255),
	"network_id" varchar(255),
	"deployment_id" varchar(255),
	"state" varchar(20) DEFAULT 'REGISTERED' NOT NULL,
	"state_reason" text DEFAULT 'startup' NOT NULL,
	"health_status" varchar(50) DEFAULT 'UNKNOWN' NOT NULL,
	"consul_service_id" text,
	"check_status" varchar(20),
	"check_output" text,
	"content_hash" text DEFAULT '' NOT NULL,
	"epoch" bigint,
	"said_time" bigint DEFAULT 0 NOT NULL,
	"said_payload_time" bigint DEFAULT 0 NOT NULL,
	"said_raw_time" bigint DEFAULT 0 NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"lease_seconds" double precision,
	"last_heartbeat" timestamp with time zone,
	"registered_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"cursor" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "published_positions" (
	"publisher" text PRIMARY KEY NOT NULL,
	"cursor" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "registration_changes" (
	"cursor" bigint PRIMARY KEY NOT NULL,
	"change_type" varchar(20) NOT NULL,
	"node_id" varchar(255) NOT NULL,
	"node" jsonb NOT NULL,
	"before" jsonb,
	"reason" text NOT NULL,
	"changed_fields" text[] DEFAULT '{}'::text[] NOT NULL,
	"correlation_id" text,
	"operator" text,
	"occurred_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "registry" (
	"singleton" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"registry_id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"head" bigint DEFAULT 0 NOT NULL,
	"floor" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "registry_singleton" CHECK ("registry"."singleton")
);
--> statement-breakpoint
CREATE TABLE "rejected_events" (
	"topic" text NOT NULL,
	"partition" integer NOT NULL,
	"offset" bigint NOT NULL,
	"reason" text NOT NULL,
	"error_type" varchar(50) NOT NULL,
	"excerpt" text,
	"correlation_id" text,
	"rejected_at" timestamp with time zone NOT NULL,
	CONSTRAINT "rejected_events_topic_partition_offset_pk" PRIMARY KEY("topic","partition","offset")
);
--> statement-breakpoint
CREATE INDEX "idx_introspection_requests_issued" ON "introspection_requests" USING btree ("issued_at");--> statement-breakpoint
CREATE INDEX "idx_node_liveness_touched_by" ON "node_liveness" USING btree ("touched_by");--> statement-breakpoint
CREATE INDEX "idx_node_registrations_health" ON "node_registrations" USING btree ("health_status");--> statement-breakpoint
CREATE INDEX "idx_node_registrations_type" ON "node_registrations" USING btree ("node_type");--> statement-breakpoint
CREATE INDEX "idx_node_registrations_capabilities" ON "node_registrations" USING gin ("capability_names");--> statement-breakpoint
CREATE INDEX "idx_registration_changes_node" ON "registration_changes" USING btree ("node_id","cursor" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "idx_registration_changes_occurred" ON "registration_changes" USING btree ("occurred_at");--> statement-breakpoint
CREATE INDEX "idx_rejected_events_rejected" ON "rejected_events" USING btree ("rejected_at");--> statement-breakpoint
INSERT INTO "registry" DEFAULT VALUES;
