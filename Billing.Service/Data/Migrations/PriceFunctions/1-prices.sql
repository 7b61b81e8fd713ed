-- Of each source, the newest version that has begun is what it says; the first source in this order that says a price wins.
-- So a version holds from its moment on and replaces whatever its source had planned from there on. A version without any
-- price says that its source has none. One that was not planned is in force as soon as it is known, because another replica's
-- clock may be behind its writer's. What is "same as" another model costs what that one does then, one step deep.
create function billing.prices_in_force(p_book bigint, p_at timestamptz)
returns table (provider text, model text, version bigint)
language sql stable as $$
    with begun as (
        select distinct on (v.provider, v.model, v.source) v.*
        from billing.price_versions v
        where v.id <= p_book and (v.effective_from <= p_at or v.effective_from <= v.created_at)
        order by v.provider, v.model, v.source, v.id desc),
    winner as (
        select distinct on (b.provider, b.model) b.*
        from begun b
        where b.input is not null and b.output is not null or b.same_as_model is not null
        order by b.provider, b.model, array_position(array['administrator', 'catalogue', 'file'], b.source))
    select w.provider, w.model, coalesce(t.id, w.id)
    from winner w
    left join winner t on t.provider = w.same_as_provider and t.model = w.same_as_model and t.same_as_model is null
    where w.same_as_model is null or t.id is not null
$$;

-- The version that a call is priced by: the one that its hold was made with, which is kept with the hold. A model that is not
-- among the hold's candidates goes by what was known and in force when the hold was made.
create function billing.call_price(
    p_candidates jsonb, p_book bigint, p_held_at timestamptz, p_provider text, p_model text)
returns bigint language sql stable as $$
    select coalesce(
        (select (c ->> 'price_version')::bigint from jsonb_array_elements(p_candidates) c
         where c ->> 'provider' = p_provider and c ->> 'model' = p_model limit 1),
        (select f.version from billing.prices_in_force(p_book, p_held_at) f
         where f.provider = p_provider and f.model = p_model))
$$;

-- Writes what differs from the last that the source said of each model; returns how many versions. One at a time: the
-- versions' numbers then become visible in their order, so that the newest number known stands for everything known.
drop function billing.announce_prices;
create function billing.write_prices(p_source text, p_rows jsonb, p_now timestamptz)
returns int language plpgsql as $$
declare
    v_written int;
begin
    perform pg_advisory_xact_lock(hashtextextended('billing.price_versions', 0));
    insert into billing.price_versions (
        provider, model, source, input, cached_input, cache_write, cache_write_1h, output, reasoning, per_request, tiers,
        same_as_provider, same_as_model, effective_from, source_name, as_of, content_hash, created_at)
    select n.provider, n.model, p_source, (n.prices ->> 'input')::bigint, (n.prices ->> 'cached_input')::bigint,
        (n.prices ->> 'cache_write')::bigint, (n.prices ->> 'cache_write_1h')::bigint, (n.prices ->> 'output')::bigint,
        (n.prices ->> 'reasoning')::bigint, (n.prices ->> 'per_request')::bigint, nullif(n.prices -> 'tiers', '[]'::jsonb),
        n.prices -> 'same_as' ->> 'provider', n.prices -> 'same_as' ->> 'model', coalesce(n.effective_from, p_now),
        n.source_name, n.as_of, n.content_hash, p_now
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
