CREATE TABLE "consul_placement" (
	"singleton" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"mode" varchar(20) NOT NULL,
	"virtual_nodes" integer NOT NULL,
	"probes" varchar(20) NOT NULL,
	"term" bigint NOT NULL,
	CONSTRAINT "consul_placement_singleton" CHECK ("consul_placement"."singleton")
);
--> statement-breakpoint
CREATE TABLE "gateways" (
	"process_id" uuid PRIMARY KEY NOT NULL,
	"gateway_id" text NOT NULL,
	"seen_at" timestamp with time zone NOT NULL
);
