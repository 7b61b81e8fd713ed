-- Writes what differs from the last that the source said of each model; returns how many versions. One at a time: the
-- versions' numbers then become visible in their order, so that the newest number known stands for everything known.
drop function billing.write_prices;
create function billing.write_prices(p_source text, p_rows jsonb, p_actor jsonb, p_now timestamptz)
returns int language plpgsql as $$
declare
    v_written int;
begin
    perform pg_advisory_xact_lock(hashtextextended('billing.price_versions', 0));
    insert into billing.price_versions (
        provider, model, source, input, cached_input, cache_write, cache_write_1h, output, reasoning, per_request, tiers,
        same_as_provider, same_as_model, effective_from, source_name, as_of, content_hash, created_at, actor)
    select n.provider, n.model, p_source, (n.prices ->> 'input')::bigint, (n.prices ->> 'cached_input')::bigint,
        (n.prices ->> 'cache_write')::bigint, (n.prices ->> 'cache_write_1h')::bigint, (n.prices ->> 'output')::bigint,
        (n.prices ->> 'reasoning')::bigint, (n.prices ->> 'per_request')::bigint, nullif(n.prices -> 'tiers', '[]'::jsonb),
        n.prices -> 'same_as' ->> 'provider', n.prices -> 'same_as' ->> 'model', coalesce(n.effective_from, p_now),
        n.source_name, n.as_of, n.content_hash, p_now, p_actor
    from rows from (jsonb_to_recordset(p_rows) as (
        provider text, model text, prices jsonb, effective_from timestamptz, source_name text, as_of text, content_hash text))
        with ordinality n (provider, model, prices, effective_from, source_name, as_of, content_hash, item)
    left join lateral (
        select v.content_hash from billing.price_versions v
        where v.provider = n.provider and v.model = n.model and v.source = p_source order by v.id desc limit 1) said on true
    where said.content_hash is distinct from n.content_hash
        -- A model that never had a price and still has none is no news.
        and (said.content_hash is not null or n.prices ? 'input' or n.prices ? 'output' or n.prices ? 'same_as')
    order by n.item;
    get diagnostics v_written = row_count;
    return v_written;
end
$$;
